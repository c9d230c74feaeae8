/**
 * Why an agent dropped something. Names of `IceAgent.discarded`.
 *
 * Datagrams:
 * - `malformed`: STUN that cannot be read.
 * - `not-binding`: STUN of another method, or an indication.
 * - `unknown-socket`: from a socket that was not gathered on.
 * - `unknown-peer`: data from an address that no check has proven, or over a socket that only reaches TURN servers.
 * - `unknown-username`, `unauthenticated`: a request or response that was not made with both ends’ credentials of a session.
 * - `unknown-transaction`: a response to nothing, or one that came before.
 * - `bad-request`, `role-conflict`: authenticated requests that were answered by an error.
 * - `inactive`: what came after the agent had failed or was closed.
 * - `refused-check`: the application refused the request.
 *
 * Candidates:
 * - `stale-candidate`: of another ICE session than the present one.
 * - `unresolved-candidate`: its address is a name.
 * - `unusable-candidate`: its address is no unicast address, or its port is 0.
 * - `refused-candidate`: the application refused it.
 * - `too-many-candidates`, `too-many-pairs`: more than the agent keeps.
 */
export type Discarded =
  | 'malformed'
  | 'not-binding'
  | 'unknown-socket'
  | 'unknown-peer'
  | 'unknown-username'
  | 'unauthenticated'
  | 'unknown-transaction'
  | 'bad-request'
  | 'role-conflict'
  | 'refused-check'
  | 'inactive'
  | 'stale-candidate'
  | 'unresolved-candidate'
  | 'unusable-candidate'
  | 'refused-candidate'
  | 'too-many-candidates'
  | 'too-many-pairs'
