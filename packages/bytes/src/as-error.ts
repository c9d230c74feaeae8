/**
 * What was thrown, as an `Error`: itself if it has a name and a message, as errors of another realm have, which are no
 * `instanceof Error` (a `DOMException` among them); anything else as the message of a new one, and as its `cause`.
 */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(String(thrown), { cause: thrown })
}

function isError(thrown: unknown): thrown is Error {
  if (typeof thrown !== 'object' || thrown === null) return false
  const { name, message } = thrown as Partial<Error>
  return typeof name === 'string' && typeof message === 'string'
}
