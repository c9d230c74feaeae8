import { EventEmitter } from 'node:events'

import { afterEach, jest } from '@jest/globals'

afterEach(() => {
  jest.restoreAllMocks()
})

/**
 * Lets those who come to a server seem to come from these addresses, one after the other: of IPv6, loopback has a single
 * address. `event` is how the class tells of them, `property` where they say who they are. Ends with the test.
 */
export function seemToComeFrom(
  server: { readonly prototype: EventEmitter },
  event: string,
  property: string,
  values: readonly unknown[],
): void {
  const rest = [...values]
  jest.spyOn(server.prototype, 'emit').mockImplementation(function (
    this: EventEmitter,
    name: string | symbol,
    ...args: unknown[]
  ) {
    if (name === event && rest.length > 0) Object.defineProperty(args[0], property, { value: rest.shift() })
    return EventEmitter.prototype.emit.call(this, name, ...args)
  })
}
