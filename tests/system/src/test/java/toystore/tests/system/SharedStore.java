package toystore.tests.system;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Provides the same running store to all tests that neither crash it nor need a new one. */
final class SharedStore implements ParameterResolver {
  private record Resource(TestStore store) implements AutoCloseable {
    @Override
    public void close() {
      store.close();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == TestStore.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(ExtensionContext.Namespace.create(SharedStore.class))
        .getOrComputeIfAbsent("store", key -> new Resource(TestStore.start()), Resource.class)
        .store();
  }
}
