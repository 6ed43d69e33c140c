package toystore.config;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The service that a node runs. */
public enum Role {
  @JsonProperty("catalog")
  CATALOG,
  @JsonProperty("order")
  ORDER,
  @JsonProperty("frontend")
  FRONTEND
}
