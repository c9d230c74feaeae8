/** Web IDL §3.2.18: a value that is no member of the enumeration is a TypeError. */
export function member<T extends string>(value: T, members: readonly T[]): T {
  if (!members.includes(value)) throw new TypeError(`${value} is none of ${members.join(', ')}`)
  return value
}
