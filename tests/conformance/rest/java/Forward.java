import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.kohsuke.github.GHCommitState;
import org.kohsuke.github.GHCommitStatus;
import org.kohsuke.github.GHFileNotFoundException;
import org.kohsuke.github.GHIssueState;
import org.kohsuke.github.GHPullRequest;
import org.kohsuke.github.GHRepository;
import org.kohsuke.github.GitHub;
import org.kohsuke.github.GitHubBuilder;

/**
 * hub4j's github-api keeps its GitHub token, and uses Signalbox's address for everything.
 *
 * <p>Forward URL TOKEN SHA: of a commit of acme/app at GitHub, which has 25 pull requests and a
 * hook.
 */
public class Forward {
  public static void main(String[] args) throws Exception {
    String url = args[0];
    String sha = args[2];
    GitHub github = new GitHubBuilder().withEndpoint(url).withOAuthToken(args[1]).build();
    github.checkApiUrlValidity();
    expect(github.isCredentialValid(), "a valid token");
    GHRepository repository = github.getRepository("acme/app");
    expect(repository.getUrl().toString().equals(url + "/repos/acme/app"), repository.getUrl());
    expect(repository.getHtmlUrl().getHost().equals("github.com"), repository.getHtmlUrl());
    Set<Integer> numbers = new HashSet<>();
    for (GHPullRequest one :
        repository.queryPullRequests().state(GHIssueState.OPEN).list().withPageSize(10)) {
      numbers.add(one.getNumber());
      expect(one.getUrl().toString().startsWith(url + "/"), one.getUrl());
    }
    expect(numbers.size() == 25, numbers);
    expect(repository.getHooks().size() == 1, "a hook");
    expect(repository.getCommit(sha).getCommitShortInfo().getMessage().equals("Say hello"), "GitHub's commit");
    try {
      repository.getPullRequest(1000);
      expect(false, "404");
    } catch (GHFileNotFoundException e) {
      // As it should be.
    }

    GHCommitStatus status =
        repository.createCommitStatus(sha, GHCommitState.SUCCESS, null, null, "ci/lint");
    expect(status.getId() > 1L << 52, status.getId());
    List<GHCommitStatus> statuses = repository.listCommitStatuses(sha).toList();
    expect(statuses.size() == 1 && statuses.get(0).getId() == status.getId(), statuses);
  }

  private static void expect(boolean ok, Object what) {
    if (!ok) throw new AssertionError("not as expected: " + what);
  }
}
