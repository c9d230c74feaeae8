import { expect, test } from '@jest/globals'

import { networkOf, Tally } from '../src/node/index.ts'

test('counts each name for itself, and never below nothing', () => {
  const tally = new Tally()
  tally.add('ann')
  tally.add('ann')
  tally.add('bob')
  tally.remove('ann')
  tally.remove('bob')
  tally.remove('bob')
  expect(['ann', 'bob', 'carol'].map((name) => tally.of(name))).toEqual([1, 0, 0])
})

test('counts names of one key as one', () => {
  const tally = new Tally(networkOf)
  tally.add('2001:db8::1')
  tally.add('2001:db8::2')
  tally.add('2001:db8:0:1::1')
  tally.remove('2001:db8::3')
  expect(['2001:db8::ffff', '2001:db8:0:1::2', '192.0.2.1'].map((name) => tally.of(name))).toEqual([1, 1, 0])
})
