import { ChunkType } from '../wire/chunk-type.ts'
import {
  CauseCode,
  type ErrorCause,
  missingParameterCause,
  unresolvableAddressCause,
} from '../wire/error-cause.ts'
import type { InitChunk } from '../wire/init.ts'
import { ParameterType } from '../wire/parameter-type.ts'
import type { Context } from './context.ts'

/** Why no association can begin with an INIT or INIT ACK. */
export interface InitRefusal {
  readonly cause: ErrorCause
  readonly message: string
  /** Whether an INIT ACK ends what our INIT began; else another is waited for. */
  readonly isFinal: boolean
}

/** `null` for an INIT or INIT ACK that an association can begin with; RFC 9260 §3.3.2, §3.3.3 and §5.1.2. */
export function refusalOf(init: InitChunk): InitRefusal | null {
  if (init.initiateTag === 0) return invalid('the peer has no tag', true)
  if (init.outboundStreams === 0 || init.inboundStreams === 0) return invalid('the peer has no streams', true)
  const hostName = init.parameters.find(({ type }) => type === ParameterType.hostName)
  if (hostName) {
    const message = 'the peer has a host name for its address'
    return { cause: unresolvableAddressCause(hostName), message, isFinal: true }
  }
  return init.receiverWindow < smallestWindow ? invalid('the peer has no receive window', false) : null
}

/** An INIT changes nothing of what there is, and is answered where it says by which tag. */
export function refuseInit({ discarded, output }: Context, init: InitChunk, { cause }: InitRefusal): void {
  discarded.count('malformed-chunk')
  if (init.initiateTag === 0) return
  output.queueAlone(init.initiateTag, { type: ChunkType.abort, tagReflected: false, causes: [cause] })
}

/** `localTag` is that of the packet: all there is to answer to where the peer has none. */
export function refuseInitAck(
  context: Context,
  init: InitChunk,
  refusal: InitRefusal,
  localTag: number,
): void {
  const { cause, message } = refusal
  if (!refusal.isFinal) {
    refuseInit(context, init, refusal)
    return
  }
  context.peerTag = init.initiateTag
  if (init.initiateTag === 0)
    context.output.queueAlone(localTag, { type: ChunkType.abort, tagReflected: true, causes: [cause] })
  context.abort(cause, { code: 'peer-misbehaved', cause: cause.type, message })
}

export const withoutCookie: InitRefusal = {
  cause: missingParameterCause(ParameterType.stateCookie),
  message: 'an INIT ACK without a State Cookie',
  isFinal: true,
}

function invalid(message: string, isFinal: boolean): InitRefusal {
  return { cause: { type: CauseCode.invalidMandatoryParameter, value: nothing }, message, isFinal }
}

const nothing = new Uint8Array(0)

/** Bytes of the smallest window that a peer may have, RFC 9260 §3.3.2. */
const smallestWindow = 1_500
