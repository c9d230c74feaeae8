import { expect, test } from '@jest/globals'

import { Inbox } from '../src/node/redis/inbox.ts'

/** A stream that brings what it is told to, once it is waited on. */
class Stream {
  isUp = true
  readonly commands: string[] = []
  readonly heard: string[] = []
  readonly inbox: Inbox
  #reply: (reply: unknown) => void = () => {}

  constructor() {
    const note = (text: string): unknown => this.heard.push(text)
    this.inbox = new Inbox(
      {
        isUp: true,
        wait: <Reply>(command: readonly string[]) => {
          this.commands.push(command.slice(-2).join(' '))
          return new Promise<Reply>((resolve) => (this.#reply = resolve as (reply: unknown) => void))
        },
      },
      { received: note, missed: () => note('missed'), failed: () => note('failed') },
    )
  }

  async bring(...numbers: readonly number[]): Promise<void> {
    const entries = numbers.map((number) => [`${number}-0`, ['d', `entry ${number}`]])
    this.#reply(entries.length === 0 ? null : [['key', entries]])
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('entries are read in order, from the one after the last', async () => {
  const stream = new Stream()
  void stream.inbox.read('key')
  await stream.bring(1, 2)
  await stream.bring()
  await stream.bring(3)
  expect(stream.heard).toEqual(['entry 1', 'entry 2', 'entry 3'])
  expect(stream.commands).toEqual(['key 0-0', 'key 2-0', 'key 2-0', 'key 3-0'])
})

test('one that is missing is noticed, and nothing behind it is read', async () => {
  const stream = new Stream()
  void stream.inbox.read('key')
  await stream.bring(1, 3)
  expect([stream.heard, stream.inbox.last]).toEqual([['entry 1', 'missed'], 1])
  expect(stream.commands).toHaveLength(1)
})

test('what an interrupted reader still brings is not heard twice', async () => {
  const stream = new Stream()
  void stream.inbox.read('key')
  await stream.bring(1)
  stream.inbox.interrupt()
  await stream.bring(2)
  void stream.inbox.read('key')
  await stream.bring(2)
  expect(stream.heard).toEqual(['entry 1', 'entry 2'])
})
