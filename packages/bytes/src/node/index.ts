export { AlarmClock } from './alarm-clock.ts'
export { Alarm } from './alarm.ts'
export { monotonicNow } from './clock.ts'
export { sendQueueOf, type SendQueue } from './send-queue.ts'
