import { DecodeError, fromUtf8, toUtf8 } from '@purertc/bytes'

import { type DerElement, encodeElement, Tag } from './der.ts'

/** Milliseconds since 1970 of a UTCTime or GeneralizedTime in the forms that RFC 5280 §4.1.2.5 allows. */
export function decodeTime(element: DerElement): number {
  const text = fromUtf8(element.body.rest())
  const match = forms[element.tag]?.exec(text)
  if (match === undefined || match === null) throw new DecodeError('invalid', 'not a time')
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map(Number)
  // RFC 5280 §4.1.2.5.1: two digits below 50 are of this century.
  const fullYear = element.tag === Tag.utcTime ? year + (year < 50 ? 2_000 : 1_900) : year
  return ((dayNumber(fullYear, month, day) * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000
}

/** A UTCTime up to 2049, a GeneralizedTime from then on: RFC 5280 §4.1.2.5. Fractions of a second are dropped. */
export function encodeTime(at: number): Uint8Array {
  const seconds = Math.floor(at / 1_000)
  const { year, month, day } = civilDate(Math.floor(seconds / 86_400))
  const clock = [Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  const digits = [month, day, ...clock].map((part) => String(part).padStart(2, '0')).join('')
  return year < 2_050
    ? encodeElement(Tag.utcTime, toUtf8(`${String(year % 100).padStart(2, '0')}${digits}Z`))
    : encodeElement(Tag.generalizedTime, toUtf8(`${year}${digits}Z`))
}

/** Days from 1970-01-01, counted in years that begin in March, so that a leap day is the last of its year. */
function dayNumber(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  return marchYear * 365 + leapDays + dayOfYear - daysToEpoch
}

function civilDate(days: number): { year: number; month: number; day: number } {
  // The estimate is at most one year off: years are 365.2425 days on average.
  let year = 1970 + Math.floor(days / 365.2425)
  while (dayNumber(year, 1, 1) > days) year--
  while (dayNumber(year + 1, 1, 1) <= days) year++
  let month = 1
  while (month < 12 && dayNumber(year, month + 1, 1) <= days) month++
  return { year, month, day: days - dayNumber(year, month, 1) + 1 }
}

const forms: Readonly<Record<number, RegExp>> = {
  [Tag.utcTime]: /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/,
  [Tag.generalizedTime]: /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/,
}

/** From 0000-03-01 to 1970-01-01. */
const daysToEpoch = 719_468
