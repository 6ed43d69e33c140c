@org.jspecify.annotations.NullMarked
package toystore.replica;
