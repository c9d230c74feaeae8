import type { SctpHost } from '../../src/index.ts'

/** A host that does nothing but what it is given to do. */
export const silentHost = (does: Pick<SctpHost, 'transmit'> & Partial<SctpHost>): SctpHost => ({
  received() {},
  connected() {},
  bufferedAmountLow() {},
  streamsReset() {},
  resetDone() {},
  restarted() {},
  closed() {},
  ...does,
})
