import type { FragmentFate } from './handshake/reassembly.ts'

/**
 * Why something was dropped without a word.
 *
 * - `malformed-record`, `oversized-record`, `unknown-content`, `wrong-version`: not a record that could be ours.
 * - `wrong-epoch`: under keys that do not exist, or in the clear where it must not be.
 * - `wrong-connection-id`: with a connection ID that is none of ours, or without though we asked for one.
 * - `plaintext`: in the clear after the handshake.
 * - `forged`, `replayed`: not authentic, or seen before.
 * - `early-record`: under keys that are still to come, more than we keep.
 * - `early-data`: application data before the handshake completed.
 * - `malformed-content`: a plaintext alert, handshake fragment or ChangeCipherSpec that cannot be parsed.
 * - `no-cookie`: nothing that a server without state can answer.
 * - `no-client-hello`: something else than a ClientHello before everything.
 * - `*-fragment`: see `FragmentFate`.
 * - `warning`: an alert that changes nothing.
 * - `closed`: after the end.
 */
export type Discard =
  | 'malformed-record'
  | 'oversized-record'
  | 'unknown-content'
  | 'wrong-version'
  | 'wrong-epoch'
  | 'wrong-connection-id'
  | 'plaintext'
  | 'forged'
  | 'replayed'
  | 'early-record'
  | 'early-data'
  | 'malformed-content'
  | 'no-cookie'
  | 'no-client-hello'
  | `${Exclude<FragmentFate, 'taken'>}-fragment`
  | 'warning'
  | 'closed'
