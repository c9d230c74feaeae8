import { describe, expect, test } from '@jest/globals'
import { fromUtf8, toUtf8 } from '@purertc/bytes'

import { IncomingStreams } from '../../src/receive/incoming-streams.ts'

class Fixture {
  readonly delivered: string[] = []
  readonly streams = new IncomingStreams((stream, _protocol, message) =>
    this.delivered.push(`${stream}: ${fromUtf8(message)}`),
  )

  accept(stream: number, ssn: number, text: string, unordered = false): boolean {
    const message = toUtf8(text)
    const accepted = this.streams.accept(stream, ssn, 51, unordered, message)
    message.fill(0)
    return accepted
  }
}

describe('streams', () => {
  test('deliver in the order of their sequence numbers', () => {
    const fixture = new Fixture()
    fixture.accept(1, 2, 'c')
    fixture.accept(1, 1, 'b')
    fixture.accept(2, 0, 'x')
    expect(fixture.delivered).toEqual(['2: x'])
    fixture.accept(1, 0, 'a')
    expect(fixture.delivered).toEqual(['2: x', '1: a', '1: b', '1: c'])
    expect(fixture.streams.held).toBe(0)
  })

  test('deliver unordered messages at once', () => {
    const fixture = new Fixture()
    fixture.accept(1, 9, 'now', true)
    expect(fixture.delivered).toEqual(['1: now'])
  })

  test('go on after the highest number', () => {
    const fixture = new Fixture()
    fixture.streams.skip(1, 0x7000)
    fixture.streams.skip(1, 0xe000)
    fixture.streams.skip(1, 0xfffe)
    fixture.accept(1, 0, 'second')
    fixture.accept(1, 0xffff, 'first')
    expect(fixture.delivered).toEqual(['1: first', '1: second'])
  })

  test('refuse a number that was delivered, or waits', () => {
    const fixture = new Fixture()
    expect([fixture.accept(1, 0, 'a'), fixture.accept(1, 0, 'again')]).toEqual([true, false])
    expect([fixture.accept(1, 5, 'f'), fixture.accept(1, 5, 'again')]).toEqual([true, false])
    expect(fixture.delivered).toEqual(['1: a'])
  })

  test('skip what never comes, and deliver what waited behind it', () => {
    const fixture = new Fixture()
    for (const [ssn, text] of [[1, 'b'], [3, 'd'], [4, 'e'], [6, 'g']] as const) fixture.accept(1, ssn, text) // prettier-ignore
    fixture.streams.skip(1, 2)
    expect(fixture.delivered).toEqual(['1: b', '1: d', '1: e'])
    fixture.streams.skip(1, 0)
    fixture.accept(1, 5, 'f')
    expect(fixture.delivered.slice(3)).toEqual(['1: f', '1: g'])
    expect(fixture.streams.held).toBe(0)
  })

  test('start from 0 after a reset, and forget what waited', () => {
    const fixture = new Fixture()
    fixture.accept(1, 0, 'a')
    fixture.accept(1, 5, 'waits')
    fixture.accept(2, 0, 'x')
    fixture.streams.reset([1])
    expect(fixture.streams.held).toBe(0)
    fixture.accept(1, 0, 'anew')
    expect(fixture.accept(2, 0, 'again')).toBe(false)
    fixture.streams.reset([])
    expect(fixture.accept(2, 0, 'all anew')).toBe(true)
    expect(fixture.delivered).toEqual(['1: a', '2: x', '1: anew', '2: all anew'])
  })
})
