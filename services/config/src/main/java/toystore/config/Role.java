package toystore.config;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a node is for. */
public enum Role {
  @JsonProperty("catalog")
  CATALOG,
  @JsonProperty("order")
  ORDER,
  @JsonProperty("frontend")
  FRONTEND
}
