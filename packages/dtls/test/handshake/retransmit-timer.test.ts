import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'

import { RetransmitTimer } from '../../src/handshake/retransmit-timer.ts'

describe('the retransmission timer', () => {
  test('doubles up to a minute', () => {
    const timer = new RetransmitTimer(1_000)
    let now = Millis(0)
    timer.start(now)
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      waits.push(timer.deadline - now)
      now = timer.deadline
      timer.backOff(now)
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  test('begins anew with each flight', () => {
    const timer = new RetransmitTimer(100)
    timer.start(Millis(0))
    timer.backOff(Millis(100))
    expect(timer.deadline).toBe(100 + 200)
    timer.start(Millis(150))
    expect(timer.deadline).toBe(150 + 100)
  })

  test('takes another initial timeout for the flight that waits, attempts counted', () => {
    const timer = new RetransmitTimer(1_000)
    timer.setInitial(500)
    expect(timer.deadline).toBe(Infinity)
    timer.start(Millis(0))
    expect(timer.deadline).toBe(500)
    timer.backOff(Millis(500))
    timer.setInitial(50)
    expect(timer.deadline).toBe(500 + 100)
  })

  test('answers a repetition, but not each copy of it', () => {
    const timer = new RetransmitTimer(1_000)
    timer.start(Millis(0))
    expect(timer.answerRepetition(Millis(10))).toBe(false)
    expect(timer.answerRepetition(Millis(500))).toBe(true)
    expect(timer.deadline).toBe(1_500)
    expect(timer.answerRepetition(Millis(501))).toBe(false)
  })

  test('that was stopped still answers repetitions, and stays stopped', () => {
    const timer = new RetransmitTimer(1_000)
    timer.start(Millis(0))
    timer.stop()
    expect(timer.answerRepetition(Millis(500))).toBe(true)
    expect(timer.deadline).toBe(Infinity)
    expect(timer.answerRepetition(Millis(510))).toBe(false)
  })
})
