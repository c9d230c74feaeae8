import { readFileSync } from 'node:fs'

import { describe, expect, test } from '@jest/globals'
import type { ClientFrame } from '@purertc/signaling-protocol'

import { MemoryStore } from '../src/index.ts'
import { candidate, offer } from './support/samples.ts'
import { TestHub } from './test-hub.ts'

/* `docs/signaling-protocol.md` says what a server does; it does so. */
const page = readFileSync(new URL('../../../docs/signaling-protocol.md', import.meta.url), 'utf8')

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

/** The table of answers: a frame, a state, and what may come. */
function answers(): [type: string, state: string, answers: string][] {
  const [, table = ''] = /(\| frame +\|.*?)\n\n/s.exec(page) ?? []
  const [head = '', , ...rows] = table.split('\n')
  const [, ...states] = cellsOf(head)
  return rows.flatMap((row) => {
    const [type = '', ...cells] = cellsOf(row)
    return cells.map((cell, at): [string, string, string] => [type.slice(1, -1), states[at] ?? '', cell])
  })
}

const frames: Readonly<Record<ClientFrame['type'], ClientFrame>> = {
  join: { type: 'join', channel: 'room', peer: 'carol', id: 9 },
  resume: { type: 'resume', session: 'session-2', id: 9 },
  leave: { type: 'leave', id: 9 },
  description: { type: 'description', description: offer, id: 9 },
  candidate: { type: 'candidate', candidate, id: 9 },
  renegotiate: { type: 'renegotiate', id: 9 },
  message: { type: 'message', data: 1, id: 9 },
  bye: { type: 'bye', id: 9 },
  ack: { type: 'ack', seq: 1 },
  ping: { type: 'ping', id: 9 },
}

/** A hub with bob (2) away from `room`, alice (1) in it, and connection 3 in this state. */
function inState(state: string): TestHub {
  const store = state === 'resuming' ? new SlowStore() : new MemoryStore()
  const lab = new TestHub({ store, closeSessionOnHangup: false })
  lab.connect(1, 2, 3)
  lab.say(1, { type: 'join', channel: 'room', peer: 'alice' })
  lab.say(2, { type: 'join', channel: 'room', peer: 'bob', resumable: true })
  lab.end(2)
  lab.accept = state === 'joining' ? undefined : true
  if (state === 'joining' || state === 'joined') lab.say(3, frames.join)
  if (state === 'resuming') lab.say(3, frames.resume)
  lab.take(3)
  return lab
}

/** Resumptions are under way for ever. */
class SlowStore extends MemoryStore {
  override resume(): void {}
}

describe('the specification says of', () => {
  const table = answers()
  test('every frame, in every state', () => {
    expect(table.map(([type]) => type)).toEqual(
      Object.keys(frames).flatMap((type) => Array<string>(4).fill(type)),
    )
    expect(new Set(table.map(([, state]) => state))).toEqual(
      new Set(['connected', 'joining', 'resuming', 'joined']),
    )
  })

  test.each(table)('%s, when %s: %s', (type, state, cell) => {
    const lab = inState(state)
    lab.say(3, frames[type as ClientFrame['type']])
    const [first] = lab.take(3) as { type: string; code?: string; id?: number }[]
    const documented = [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word)
    if (cell === 'nothing') expect(first).toBeUndefined()
    else expect([documented, first?.id]).toEqual([expect.arrayContaining([first?.code ?? first?.type]), 9])
  })

  test('two peers that meet, what each of them hears', () => {
    const lab = new TestHub()
    const peers = { alice: 1, bob: 2 }
    const heard: string[] = []
    lab.onSend = (connection, wire) => heard.push(`${connection} ${wire as string}`)
    lab.hub.connect(0, peers.alice)
    lab.hub.connect(0, peers.bob)
    heard.length = 0
    const [, example = ''] = /```text\n(alice ←.*?)```/s.exec(page) ?? []
    expect(example).toContain('remote-close')
    for (const line of example.split('\n')) {
      const [, name, way, frame = ''] = /^(\w+) +([←→]) (.*)$/.exec(line) ?? []
      if (name === undefined || frame.includes('"welcome"')) continue
      const connection = peers[name as keyof typeof peers]
      if (way === '→') {
        expect(heard).toEqual([])
        lab.hub.handleFrame(0, connection, frame)
      } else {
        const said = `${connection} ${frame}`
        expect(heard).toContain(said)
        heard.splice(heard.indexOf(said), 1)
      }
    }
    expect(heard).toEqual([])
  })
})
