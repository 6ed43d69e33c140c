package toystore.catalog;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToLongFunction;

/** Gauges for the stock of each product. The set of products is fixed by the first import. */
final class StockMetrics implements MeterBinder {
  private final CatalogState state;

  StockMetrics(CatalogState state) {
    this.state = state;
  }

  @Override
  public void bindTo(MeterRegistry metrics) {
    for (ProductRow product : state.products()) {
      gauge(metrics, product.name(), "on_hand", ProductRow::onHand);
      gauge(metrics, product.name(), "held", ProductRow::held);
      gauge(metrics, product.name(), "sold", ProductRow::sold);
    }
  }

  private void gauge(
      MeterRegistry metrics, String product, String kind, ToLongFunction<ProductRow> value) {
    Gauge.builder("toystore.stock", () -> current(product, value))
        .tag("product", product)
        .tag("state", kind)
        .register(metrics);
  }

  private double current(String product, ToLongFunction<ProductRow> value) {
    return state.products().stream()
        .filter(p -> p.name().equals(product))
        .mapToLong(value)
        .findFirst()
        .orElse(0);
  }
}
