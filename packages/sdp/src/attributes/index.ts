import type { Attribute } from './attribute.ts'
import { Fingerprint } from './fingerprint.ts'
import { Group, Mid } from './group.ts'
import { IceOptions, IcePwd, IceUfrag } from './ice.ts'
import { MaxMessageSize, SctpPort } from './sctp.ts'
import { Setup } from './setup.ts'

/** Whether the value is one that the attribute allows; true for attributes this package does not know. */
export function isValidAttribute(name: string, value: string): boolean {
  const attribute = known.get(name)
  return attribute === undefined || attribute.parse(value) !== null
}

const known: ReadonlyMap<string, Attribute<unknown>> = new Map(
  [Fingerprint, Group, Mid, IceOptions, IcePwd, IceUfrag, MaxMessageSize, SctpPort, Setup].map(
    (attribute) => [attribute.name, attribute as Attribute<unknown>],
  ),
)
