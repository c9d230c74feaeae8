import type { ExtensionCodec } from './extension-codec.ts'

/** How a client would use shared keys, RFC 8446 §4.2.9. */
export const PskKeyExchangeModes: ExtensionCodec<readonly number[]> = {
  type: 45,
  name: 'psk_key_exchange_modes',
  decode: (body) => {
    const list = body.sub(body.u8())
    const modes: number[] = []
    do modes.push(list.u8())
    while (!list.isEmpty)
    return modes
  },
  encode: (writer, modes) => {
    writer.u8(modes.length)
    for (const mode of modes) writer.u8(mode)
  },
}

/**
 * A shared key together with ephemeral ones: what is said stays secret though the key gets out. The other mode, `psk_ke`,
 * lacks that, and we neither offer nor take it.
 */
export const pskDheKe = 1
