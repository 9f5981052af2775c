package dev.signalbox.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.signalbox.v1.Result;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of README.md compiles and does what it says. */
class ReadmeTest {
  @TempDir Path directory;

  private Class<?> compileExample() throws Exception {
    Matcher example =
        Pattern.compile("```java\n(static void build.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("README.md")));
    assertTrue(example.find());
    Path source = directory.resolve("Example.java");
    Files.writeString(
        source,
        "import dev.signalbox.client.*;\n"
            + "public class Example {\n"
            + "  public static boolean compiles;\n"
            + "  static boolean compile() { return compiles; }\n"
            + "  public "
            + example.group(1)
            + "}\n");
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-cp", System.getProperty("java.class.path"), source.toString());
    assertEquals(0, code);
    ClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()}, getClass().getClassLoader());
    return loader.loadClass("Example");
  }

  @Test
  void theExample() throws Exception {
    Class<?> example = compileExample();
    Field compiles = example.getField("compiles");
    Method build = example.getMethod("build", Client.class, String.class, long.class);
    try (FakeServer server = new FakeServer();
        Client client = server.connect(new ClientOptions())) {
      compiles.set(null, true);
      build.invoke(null, client, FakeServer.SHA, 7L);
      compiles.set(null, false);
      build.invoke(null, client, FakeServer.SHA, 8L);
      assertEquals(2, server.pendings.size());
      assertEquals(Result.RESULT_SUCCESS, server.results.get(0).getResult());
      assertEquals("all 1,204 tests passed", server.results.get(0).getDescription());
      assertEquals(Result.RESULT_FAILURE, server.results.get(1).getResult());
      assertEquals(8, server.results.get(1).getAttempt());
    }
  }
}
