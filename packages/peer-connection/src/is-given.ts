/** Neither null nor undefined: Web IDL dictionaries know both, and mean the same. */
export function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined
}
