import { expect, test } from '@jest/globals'

import { sendQueueOf } from '../src/node/index.ts'

test("what a socket of Node's holds back is counted in datagrams and bytes", () => {
  const queue = sendQueueOf({ getSendQueueCount: () => 3, getSendQueueSize: () => 3_600 })
  expect(queue.count()).toBe(3)
  expect(queue.size()).toBe(3_600)
})

test('a runtime whose sockets have no such count copies at once: its queue is empty', () => {
  const queue = sendQueueOf({})
  expect(queue.count()).toBe(0)
  expect(queue.size()).toBe(0)
})
