import type { Millis } from '@purertc/bytes'

import type { Tsn } from '../tsn.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import type { InitChunk } from '../wire/init.ts'
import { ParameterType } from '../wire/parameter-type.ts'
import { agreementOn } from './agreement.ts'
import type { Context } from './context.ts'
import { initParameters, readInitParameters } from './init-parameters.ts'
import type { CookieJar, StateCookie } from './state-cookie.ts'

/** Answers an INIT with all that there will be to know when its State Cookie comes back, RFC 9260 §5.1.3. */
export function sendInitAck(
  { settings, output }: Context,
  jar: CookieJar,
  now: Millis,
  init: InitChunk,
  local: { readonly tag: number; readonly tsn: Tsn },
  tieTags: Pick<StateCookie, 'localTieTag' | 'peerTieTag'>,
): void {
  const parameters = readInitParameters(init)
  const agreement = agreementOn(local.tag, local.tsn, init, parameters)
  const cookie = jar.seal({ createdAt: now, ...agreement, ...tieTags })
  output.queueAlone(init.initiateTag, {
    type: ChunkType.initAck,
    initiateTag: local.tag,
    receiverWindow: settings.receiveWindow,
    outboundStreams: settings.streams,
    inboundStreams: settings.streams,
    initialTsn: local.tsn,
    parameters: [
      { type: ParameterType.stateCookie, value: cookie },
      ...initParameters(settings),
      ...parameters.unrecognized.map((value) => ({ type: ParameterType.unrecognizedParameter, value })),
    ],
  })
}
