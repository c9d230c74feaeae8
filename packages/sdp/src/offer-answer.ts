import { toHex } from '@purertc/bytes'

import { answerSetup } from './attributes/setup.ts'
import {
  createDataSection,
  createRejectedSection,
  type DataSectionOptions,
  findDataSection,
} from './data-section.ts'
import { type Origin, SessionDescription } from './session-description.ts'
import { transportOf } from './transport.ts'

export interface DataOfferOptions extends DataSectionOptions {
  /** Decimal, see {@link sessionIdFrom}; a re-offer keeps the one of `previous`. */
  readonly sessionId: string
  /**
   * This end's description in force, offer or answer. The new offer keeps its sections, their order and mids, and
   * counts the version up (RFC 8829 §5.2.2).
   */
  readonly previous?: SessionDescription
}

export interface DataAnswerOptions extends DataSectionOptions {
  readonly sessionId: string
  /** This end's description in force, whose session id the answer keeps. */
  readonly previous?: SessionDescription
  /** What to answer to `a=setup:actpass`; `active` by default. */
  readonly setup?: 'active' | 'passive'
}

/**
 * An offer of one data section, RFC 8829 §5.2.
 *
 * @example
 * const offer = createDataOffer({
 *   mode: 'datachannel', sessionId: '8782869572208645655',
 *   iceUfrag: 'lRpd', icePwd: 'tvgQEfNMiz1qv31OzYDCvKpM',
 *   fingerprints: [{ algorithm: 'sha-256', value: certificateHash }],
 * })
 * writeSession(offer)
 */
export function createDataOffer(options: DataOfferOptions): SessionDescription {
  const { previous } = options
  const offer = SessionDescription.create(originAfter(previous, options.sessionId))
  const kept = previous && findDataSection(previous, options.mode)

  for (const media of previous?.media ?? [])
    offer.media.push(
      media === kept ? createDataSection(kept, kept.mid, 'actpass', options) : createRejectedSection(media),
    )
  if (kept === undefined) offer.media.push(createDataSection(undefined, unusedMid(offer), 'actpass', options))
  offer.bundle = bundleOf(acceptedMids(offer))
  offer.iceLite = options.iceLite === true
  offer.icePacing = options.icePacing
  return offer
}

/**
 * The answer to an offer: its first data section of the wanted mode is accepted, every other section rejected, in
 * the offer's order and with its mids; what is bundled is what is accepted (RFC 8829 §5.3.1, RFC 9143 §7.3). Where
 * the offer has no such section all are rejected: look with {@link findDataSection} first.
 */
export function createDataAnswer(offer: SessionDescription, options: DataAnswerOptions): SessionDescription {
  const answer = SessionDescription.create(originAfter(options.previous, options.sessionId))
  const accepted = findDataSection(offer, options.mode)

  for (const media of offer.media) {
    if (media === accepted) {
      const setup = answerSetup(transportOf(offer, media).setup, options.setup)
      answer.media.push(createDataSection(media, media.mid, setup, options))
    } else answer.media.push(createRejectedSection(media))
  }
  answer.bundle = bundleOf(acceptedMids(answer).filter((mid) => offer.bundle?.includes(mid)))
  answer.iceLite = options.iceLite === true
  answer.icePacing = options.icePacing
  return answer
}

/** A session id from eight random bytes: 63 bits, as RFC 8829 §5.2.1 asks. */
export function sessionIdFrom(random: Uint8Array): string {
  const id = BigInt(`0x${toHex(random.subarray(0, 8)) || '0'}`)
  return BigInt.asUintN(63, id).toString()
}

function originAfter(previous: SessionDescription | undefined, sessionId: string): Origin {
  if (previous === undefined) return { ...ORIGIN, sessionId }
  const { origin } = previous
  return { ...origin, sessionVersion: (BigInt(origin.sessionVersion) + 1n).toString() }
}

function acceptedMids(description: SessionDescription): string[] {
  return description.media.flatMap((media) =>
    media.isRejected || media.mid === undefined ? [] : [media.mid],
  )
}

/** A section without a mid cannot be bundled: without any there is no group. */
function bundleOf(mids: readonly string[]): readonly string[] | undefined {
  return mids.length === 0 ? undefined : mids
}

function unusedMid(description: SessionDescription): string {
  let number = description.media.length
  while (description.section(number.toString()) !== undefined) number++
  return number.toString()
}

/** The address is meaningless on purpose: a real one would tell where the user is (RFC 8829 §5.2.1). */
const ORIGIN: Origin = {
  username: '-',
  sessionId: '0',
  sessionVersion: '1',
  netType: 'IN',
  addressType: 'IP4',
  address: '0.0.0.0',
}
