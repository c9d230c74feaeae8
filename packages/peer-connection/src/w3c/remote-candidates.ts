import { operationError } from '../errors.ts'
import { isGiven } from '../is-given.ts'
import type { Description } from '../negotiation/description.ts'
import { candidateFields, type RTCIceCandidateInit } from './ice-candidate.ts'

/** What a remote description's transport was told, for the description shows it, too. */
export interface RemoteCandidateList {
  readonly lines: string[]
  isComplete: boolean
}

/**
 * The peer's candidates by the description they belong to: those within it, and those that trickled in since
 * (WebRTC §4.4.1.7).
 */
export class RemoteCandidates {
  readonly #lists: WeakMap<Description, RemoteCandidateList> = new WeakMap()

  /** The list of a description, at first what the description itself says. */
  of(description: Description): RemoteCandidateList {
    const known = this.#lists.get(description)
    if (known !== undefined) return known
    const { data } = description
    const list = { lines: [...(data?.candidates ?? [])], isComplete: data?.endOfCandidates ?? false }
    this.#lists.set(description, list)
    return list
  }

  /**
   * The description among `descriptions` (latest first) that the candidate belongs to: null for one of a section that
   * was rejected. Throws an OperationError where there is no such section or ICE session, or the line is malformed.
   */
  owner(init: RTCIceCandidateInit, descriptions: readonly Description[]): Description | null {
    const [latest] = descriptions
    if (latest === undefined) throw operationError('there is no remote description')
    const line = init.candidate ?? ''
    const fields = line === '' ? null : candidateFields(line)
    if (line !== '' && fields === null) throw operationError('the candidate is malformed')
    if (!hasSection(latest, init)) throw operationError('the candidate belongs to no section')
    const fragment = init.usernameFragment ?? fields?.extensions.get('ufrag')
    if (fragment !== undefined && !isKnownFragment(fragment, descriptions))
      throw operationError('the candidate belongs to no ICE session')
    return (
      descriptions.find(
        ({ data }) =>
          data !== null &&
          isOfSection(data, init) &&
          (fragment === undefined || fragment === data.credentials.usernameFragment),
      ) ?? null
    )
  }

  /** Adds a line, `''` for the end. False where the list is full: the rest is not worth keeping. */
  add(description: Description, line: string): boolean {
    const list = this.of(description)
    if (line === '') list.isComplete = true
    else if (list.lines.length >= MAX_LINES) return false
    else if (!list.lines.includes(line)) list.lines.push(line)
    return true
  }
}

/** Whether the description has the section that the candidate names. Without a name it is for all of them. */
function hasSection({ parsed }: Description, { sdpMid, sdpMLineIndex }: RTCIceCandidateInit): boolean {
  if (isGiven(sdpMid)) return parsed.section(sdpMid) !== undefined
  return !isGiven(sdpMLineIndex) || sdpMLineIndex < parsed.media.length
}

function isOfSection(
  data: { mid: string; index: number },
  { sdpMid, sdpMLineIndex }: RTCIceCandidateInit,
): boolean {
  if (isGiven(sdpMid)) return sdpMid === data.mid
  return !isGiven(sdpMLineIndex) || sdpMLineIndex === data.index
}

function isKnownFragment(fragment: string, descriptions: readonly Description[]): boolean {
  return descriptions.some(({ parsed, data }) =>
    [parsed, ...parsed.media].some(
      (section) =>
        section.attribute('ice-ufrag') === fragment || data?.credentials.usernameFragment === fragment,
    ),
  )
}

/** Far more than an agent checks. */
const MAX_LINES = 256
