package toystore.api;

/** An order as clients see it: the public part of a row of the order log. */
public record Order(long number, String name, int quantity) {}
