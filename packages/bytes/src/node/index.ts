export { Alarm } from './alarm.ts'
export { monotonicNow } from './clock.ts'
