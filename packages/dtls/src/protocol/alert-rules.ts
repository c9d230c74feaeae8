import { DecodeError, type Reader } from '@purertc/bytes'

import { type Alert, AlertDescription, AlertLevel, decodeAlert } from './alert.ts'

/** Null where it is no alert. */
export function tryDecodeAlert(reader: Reader): Alert | null {
  try {
    return decodeAlert(reader)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

/** Whether nothing comes after it: fatal by its level, or in DTLS 1.3 by what it is (RFC 8446 §6), or a farewell. */
export const isFinal = (alert: Alert, isDtls13: boolean): boolean =>
  alert.description === AlertDescription.closeNotify ||
  (isDtls13 ? alert.description !== AlertDescription.userCanceled : alert.level === AlertLevel.fatal)

export const isKnownLevel = ({ level }: Alert): boolean =>
  level === AlertLevel.warning || level === AlertLevel.fatal

export const closeNotify: Alert = { level: AlertLevel.warning, description: AlertDescription.closeNotify }
