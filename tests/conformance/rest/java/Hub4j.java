import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.kohsuke.github.GHCommitState;
import org.kohsuke.github.GHCommitStatus;
import org.kohsuke.github.GHFileNotFoundException;
import org.kohsuke.github.GHRepository;
import org.kohsuke.github.GitHub;
import org.kohsuke.github.GitHubBuilder;
import org.kohsuke.github.HttpException;

/**
 * hub4j's github-api, the client of Jenkins' plug-ins, posts through Signalbox.
 *
 * <p>Hub4j URL TOKEN SHA PAGED_SHA EMPTY_SHA: it sets statuses of the commits SHA and PAGED_SHA,
 * whose statuses the caller then finds at GitHub. EMPTY_SHA has no status.
 */
public class Hub4j {
  private static final String REPOSITORY = "acme/app";
  // A bot, until Signalbox has posted for the first time and knows GitHub's user.
  private static final Set<String> CREATORS = Set.of("signalbox", "user-1");
  private static final String LONG_DESCRIPTION = "\uD83D\uDE80 " + "é".repeat(200);

  private interface Action {
    void run() throws Exception;
  }

  public static void main(String[] args) throws Exception {
    String url = args[0];
    String token = args[1];
    String empty = args[4];
    GitHub github = connect(url, token);
    // Jenkins checks the address and the token like this when somebody saves them.
    connect(url, null).checkApiUrlValidity();
    expect(github.isCredentialValid(), "a valid token");
    expect(!connect(url, "unknown").isCredentialValid(), "an unknown token");
    expect(github.getMyself().getLogin().equals("farm"), "the caller");
    expect(github.getUser("octocat").getLogin().equals("octocat"), "a user");
    expect(github.getRateLimit().getCore().getRemaining() > 1000, "no limit");

    GHRepository repository = github.getRepository(REPOSITORY);
    expect(repository.getFullName().equals(REPOSITORY), repository.getFullName());
    expect(repository.hasPushAccess(), "the permission to push");
    createsTheFourStates(repository, args[2]);
    pages(repository, args[3]);
    expect(repository.getCommit(empty).getSHA1().equals(empty), "the commit");
    expect(repository.getLastCommitStatus(empty) == null, "no status");
    refusals(github, repository, url, empty);
  }

  private static GitHub connect(String url, String token) throws Exception {
    GitHubBuilder builder = new GitHubBuilder().withEndpoint(url);
    return (token == null ? builder : builder.withOAuthToken(token)).build();
  }

  private static void createsTheFourStates(GHRepository repository, String sha) throws Exception {
    Map<String, GHCommitState> states = Map.of(
        "pending", GHCommitState.PENDING, "success", GHCommitState.SUCCESS,
        "failure", GHCommitState.FAILURE, "error", GHCommitState.ERROR);
    for (String name : List.of("pending", "success", "failure", "error")) {
      String link = "https://ci.example/" + name;
      GHCommitStatus status = repository.createCommitStatus(
          sha, states.get(name), link, LONG_DESCRIPTION, "ci/" + name);
      expect(status.getState() == states.get(name), "the state " + name);
      expect(status.getContext().equals("ci/" + name), status.getContext());
      expect(status.getTargetUrl().equals(link), status.getTargetUrl());
      String description = status.getDescription();
      expect(description.codePointCount(0, description.length()) == 140, description);
      expect(CREATORS.contains(status.getCreator().getLogin()), "the creator");
      expect(status.getCreatedAt() != null && status.getId() > 0, "a time and an id");
      expect(repository.getLastCommitStatus(sha).getId() == status.getId(), "the newest first");
    }
    expect(repository.listCommitStatuses(sha).toList().size() == 4, "four statuses");
  }

  private static void pages(GHRepository repository, String sha) throws Exception {
    for (int i = 0; i < 31; ++i) {
      repository.createCommitStatus(sha, GHCommitState.SUCCESS, null, null, "ci/" + i);
    }
    Set<String> contexts = new HashSet<>();
    for (GHCommitStatus status : repository.listCommitStatuses(sha).withPageSize(10)) {
      contexts.add(status.getContext());
    }
    expect(contexts.size() == 31, contexts + " are not 31 contexts");
    GHCommitStatus plain =
        repository.createCommitStatus(sha, GHCommitState.SUCCESS, null, null, null);
    expect(plain.getContext().equals("default"), plain.getContext());
  }

  private static void refusals(GitHub github, GHRepository repository, String url, String sha)
      throws Exception {
    refuses(422, () -> set(repository, sha.substring(0, 7), "ci"));
    refuses(422, () -> set(repository, sha, "c".repeat(256)));
    refuses(403, () -> set(repository, sha, "not-granted"));
    refuses(404, () -> github.getRepository("other/app"));
    refuses(404, () -> repository.getPullRequest(1));
    refuses(401, () -> connect(url, "unknown").getRepository(REPOSITORY));
  }

  private static void set(GHRepository repository, String sha, String context) throws Exception {
    repository.createCommitStatus(sha, GHCommitState.SUCCESS, null, null, context);
  }

  private static void refuses(int code, Action action) throws Exception {
    try {
      action.run();
    } catch (GHFileNotFoundException e) {
      expect(code == 404, "404 instead of " + code);
      return;
    } catch (HttpException e) {
      expect(e.getResponseCode() == code, e.getResponseCode() + " instead of " + code);
      return;
    }
    expect(false, code + " instead of success");
  }

  private static void expect(boolean ok, String what) {
    if (!ok) throw new AssertionError("not as expected: " + what);
  }
}
