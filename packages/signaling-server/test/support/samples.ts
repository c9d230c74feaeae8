import { expect } from '@jest/globals'

/** What peers say and hear, as tests of the hub write it. */
export const offer = { type: 'offer', sdp: 'v=0' } as const
export const candidate = { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0' }
export const error = (code: string, id?: number): object => ({
  type: 'error',
  code,
  message: expect.stringMatching(/./),
  ...(id === undefined ? {} : { id }),
})
