package dev.signalbox.client;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.protobuf.Timestamp;
import dev.signalbox.v1.CommitStatus;
import dev.signalbox.v1.GetServerInfoResponse;
import dev.signalbox.v1.IssueTokenRequest;
import dev.signalbox.v1.IssueTokenResponse;
import dev.signalbox.v1.Narrowing;
import dev.signalbox.v1.Receipt;
import dev.signalbox.v1.Result;
import dev.signalbox.v1.WatchStatusesRequest;
import dev.signalbox.v1.WatchStatusesResponse;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/**
 * Does what the lines of its input say, for the vectors that all clients share.
 * clients/testing/README.md describes the lines.
 */
public final class Driver {
  private static final Gson GSON = new Gson();

  private Client client;

  /** What the block of a run throws. */
  private static final class Raised extends Exception {
    private static final long serialVersionUID = 1;

    Raised(String text) {
      super(text);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Driver driver = new Driver();
    PrintStream output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      output.println(driver.answer(GSON.fromJson(line, JsonObject.class)));
    }
    if (driver.client != null) {
      driver.client.close();
    }
  }

  private JsonObject answer(JsonObject line) {
    try {
      return object("ok", perform(line));
    } catch (SignalboxException e) {
      return failed(e);
    } catch (Raised e) {
      return object("raised", GSON.toJsonTree(e.getMessage()));
    }
  }

  private JsonObject perform(JsonObject line) throws Raised {
    JsonObject request = line.has("request") ? line.getAsJsonObject("request") : new JsonObject();
    String repository = text(request, "repository");
    String sha = text(request, "sha");
    switch (text(line, "do")) {
      case "connect":
        connect(line.getAsJsonObject("options"));
        return new JsonObject();
      case "pending":
        return receipts(client.pending(repository, sha, texts(request, "contexts"), fields(request)));
      case "result":
        return receipts(
            List.of(client.result(repository, sha, result(request), text(request, "context"), fields(request))));
      case "run":
        return object("receipt", receipts(List.of(run(request, line.get("then")))).getAsJsonArray("receipts").get(0));
      case "stream":
        return stream(line);
      case "watch":
        return watch(request, line.get("changes").getAsInt());
      case "commit_status":
        JsonArray statuses = new JsonArray();
        for (CommitStatus status : client.commitStatus(repository, sha).getStatusesList()) {
          JsonObject shown = new JsonObject();
          shown.addProperty("context", status.getContext());
          shown.addProperty("state", word(status.getState()));
          shown.addProperty("description", status.getDescription());
          shown.addProperty("target_url", status.getTargetUrl());
          statuses.add(shown);
        }
        return object("statuses", statuses);
      case "server_info":
        GetServerInfoResponse info = client.serverInfo();
        JsonObject shown = new JsonObject();
        shown.addProperty("version", info.getVersion());
        shown.add("features", GSON.toJsonTree(List.copyOf(info.getFeaturesList())));
        shown.addProperty("caller", info.getGrants().getCaller());
        shown.add("rights", GSON.toJsonTree(List.copyOf(info.getGrants().getRightsList())));
        return shown;
      case "issue_token":
        IssueTokenResponse issued =
            client.issueToken(
                IssueTokenRequest.newBuilder()
                    .setNarrowing(
                        Narrowing.newBuilder()
                            .addAllRepositories(texts(request, "repositories"))
                            .addAllContexts(texts(request, "contexts"))
                            .addAllRights(texts(request, "rights"))
                            .setSha(sha))
                    .setValidFor(
                        com.google.protobuf.Duration.newBuilder()
                            .setSeconds(request.get("valid_for").getAsLong()))
                    .build());
        JsonObject token = object("token", GSON.toJsonTree(issued.getToken()));
        token.add(
            "expire_time",
            unixTime(issued.getGrants().hasTokenExpireTime(), issued.getGrants().getTokenExpireTime()));
        return token;
      case "is_serving":
        return object("serving", GSON.toJsonTree(client.isServing()));
      default:
        throw new IllegalArgumentException(line.toString());
    }
  }

  private void connect(JsonObject given) {
    ClientOptions options = new ClientOptions();
    for (Map.Entry<String, JsonElement> each : given.entrySet()) {
      JsonElement value = each.getValue();
      switch (each.getKey()) {
        case "address" -> {}
        case "token" -> options.token(value.getAsString());
        case "tls" -> options.tls(value.getAsBoolean());
        case "ca_file" -> options.caFile(value.getAsString());
        case "cert_file" -> options.certFile(value.getAsString());
        case "key_file" -> options.keyFile(value.getAsString());
        case "server_name" -> options.serverName(value.getAsString());
        case "request_id" -> options.requestId(value.getAsString());
        case "retry_for" -> options.retryFor(seconds(value));
        case "try_timeout" -> options.tryTimeout(seconds(value));
        default -> throw new IllegalArgumentException(each.getKey());
      }
    }
    Client connected =
        Client.connect(given.has("address") ? text(given, "address") : "127.0.0.1:50051", options);
    if (client != null) {
      client.close();
    }
    client = connected;
  }

  private Receipt run(JsonObject request, JsonElement then) throws Raised {
    Run begun;
    try (Run run =
        client.run(text(request, "repository"), text(request, "sha"), text(request, "context"), fields(request))) {
      begun = run;
      Map<String, Consumer<String>> methods =
          Map.of(
              "success", run::success,
              "failure", run::failure,
              "error", run::error,
              "cancelled", run::cancelled,
              "skipped", run::skipped,
              "timed_out", run::timedOut,
              "neutral", run::neutral);
      JsonArray steps = new JsonArray();
      if (then.isJsonArray()) {
        steps = then.getAsJsonArray();
      } else {
        steps.add(then);
      }
      boolean chosen = false;
      for (JsonElement step : steps) {
        Map.Entry<String, JsonElement> each = step.getAsJsonObject().entrySet().iterator().next();
        if (each.getKey().equals("raise")) {
          throw new Raised(each.getValue().getAsString());
        } else if (!each.getKey().equals("return")) {
          methods.get(each.getKey()).accept(each.getValue().getAsString());
          chosen = true;
        }
      }
      if (!chosen) {
        run.success(""); // How a block says in Java that it ended normally.
      }
    }
    return begun.receipt();
  }

  private JsonObject stream(JsonObject line) {
    List<CompletableFuture<List<Receipt>>> futures = new ArrayList<>();
    try (ReportStream stream =
        line.has("max_in_flight") ? client.reports(line.get("max_in_flight").getAsInt()) : client.reports()) {
      for (JsonElement each : line.getAsJsonArray("reports")) {
        JsonObject report = each.getAsJsonObject();
        JsonObject request = report.entrySet().iterator().next().getValue().getAsJsonObject();
        String repository = text(request, "repository");
        String sha = text(request, "sha");
        futures.add(
            report.has("pending")
                ? stream.pending(repository, sha, texts(request, "contexts"), fields(request))
                : stream
                    .result(repository, sha, result(request), text(request, "context"), fields(request))
                    .thenApply(List::of));
      }
    }
    JsonArray answers = new JsonArray();
    for (CompletableFuture<List<Receipt>> future : futures) {
      try {
        answers.add(receipts(future.join()));
      } catch (CompletionException e) {
        answers.add(failed((SignalboxException) e.getCause()));
      }
    }
    return object("answers", answers);
  }

  private JsonObject watch(JsonObject request, int count) {
    WatchStatusesRequest.Builder chosen =
        WatchStatusesRequest.newBuilder().addAllRepositories(texts(request, "repositories"));
    if (request.has("after_sequence")) {
      chosen.setAfterSequence(request.get("after_sequence").getAsLong());
    }
    JsonArray changes = new JsonArray();
    try (Watch watch = client.watch(chosen.build())) {
      while (changes.size() < count) {
        WatchStatusesResponse change = watch.next();
        JsonObject shown = new JsonObject();
        shown.addProperty("repository", change.getRepository());
        shown.addProperty("sha", change.getSha());
        shown.addProperty("context", change.getStatus().getContext());
        shown.addProperty("state", word(change.getStatus().getState()));
        changes.add(shown);
      }
    }
    return object("changes", changes);
  }

  private static Fields fields(JsonObject request) {
    Fields fields =
        new Fields()
            .series(text(request, "series"))
            .description(text(request, "description"))
            .targetUrl(text(request, "target_url"))
            .rerun(isSet(request, "rerun"))
            .neverExpires(isSet(request, "never_expires"))
            .newestTextWins(isSet(request, "newest_text_wins"));
    if (request.has("attempt")) {
      fields.attempt(request.get("attempt").getAsLong());
    }
    if (request.has("if_sequence")) {
      fields.ifSequence(request.get("if_sequence").getAsLong());
    }
    if (request.has("expires_after")) {
      fields.expiresAfter(seconds(request.get("expires_after")));
    }
    return fields;
  }

  private static Result result(JsonObject request) {
    return Result.valueOf("RESULT_" + (request.has("result") ? text(request, "result") : "UNSPECIFIED"));
  }

  private static JsonObject receipts(List<Receipt> receipts) {
    JsonArray list = new JsonArray();
    for (Receipt receipt : receipts) {
      JsonObject shown = new JsonObject();
      shown.addProperty("context", receipt.getContext());
      shown.addProperty("sequence", receipt.getSequence());
      shown.addProperty("disposition", word(receipt.getDisposition()));
      shown.add("warnings", GSON.toJsonTree(List.copyOf(receipt.getWarningsList())));
      shown.addProperty("state", word(receipt.getState()));
      shown.addProperty("newest_attempt", receipt.getNewestAttempt());
      shown.addProperty("newest_result", word(receipt.getNewestResult()));
      shown.add("expire_time", unixTime(receipt.hasExpireTime(), receipt.getExpireTime()));
      shown.add("report_time", unixTime(receipt.hasReportTime(), receipt.getReportTime()));
      list.add(shown);
    }
    return object("receipts", list);
  }

  private static JsonObject failed(SignalboxException e) {
    JsonObject error = new JsonObject();
    error.addProperty("code", e.code());
    error.addProperty("reason", e.reason());
    error.addProperty("may_have_been_accepted", e.mayHaveBeenAccepted());
    error.addProperty("request_id", e.requestId());
    return object("error", error);
  }

  private static JsonElement unixTime(boolean isSet, Timestamp time) {
    return isSet ? GSON.toJsonTree(time.getSeconds() + time.getNanos() / 1e9) : JsonNull.INSTANCE;
  }

  /** The name of an enum's value without its prefix. */
  private static String word(Enum<?> value) {
    return value.name().replaceFirst("^(DISPOSITION|COMMIT_STATE|RESULT)_", "");
  }

  private static JsonObject object(String name, JsonElement value) {
    JsonObject object = new JsonObject();
    object.add(name, value);
    return object;
  }

  private static Duration seconds(JsonElement value) {
    return Duration.ofNanos(Math.round(value.getAsDouble() * 1e9));
  }

  private static boolean isSet(JsonObject object, String name) {
    return object.has(name) && object.get(name).getAsBoolean();
  }

  private static String text(JsonObject object, String name) {
    return object.has(name) ? object.get(name).getAsString() : "";
  }

  private static List<String> texts(JsonObject object, String name) {
    List<String> texts = new ArrayList<>();
    if (object.has(name)) {
      object.getAsJsonArray(name).forEach(each -> texts.add(each.getAsString()));
    }
    return texts;
  }
}
