import { createHmac } from 'node:crypto'

import { expect, test } from '@jest/globals'

import { createTurnCredentials, turnPasswordFor } from '../src/index.ts'

test('credentials are the expiry, the user, and their HMAC', () => {
  const { username, credential } = createTurnCredentials({
    secret: 'north',
    lifetime: 60,
    user: 'alice',
    now: 1_000.5,
  })
  expect(username).toBe('1060:alice')
  expect(credential).toBe(createHmac('sha1', 'north').update('1060:alice').digest('base64'))
})

test('the TURN server finds the password until they expire', () => {
  const made = createTurnCredentials({ secret: 's', now: 0 })
  expect(made.username).toBe('86400')
  expect(turnPasswordFor(made.username, { secret: 's', now: 86_400 })).toBe(made.credential)
  expect(turnPasswordFor(made.username, { secret: 's', now: 86_401 })).toBeNull()
  expect(turnPasswordFor(made.username, { secret: 't', now: 0 })).not.toBe(made.credential)
})

test.each(['', 'alice', ':1', '-1:a', '1e9:a', '9999999999999:a'])('%j is no such username', (username) => {
  expect(turnPasswordFor(username, { secret: 's', now: 0 })).toBeNull()
})

test('the clock is the system’s when none is given', () => {
  const { username, credential } = createTurnCredentials({ secret: 's' })
  expect(turnPasswordFor(username, { secret: 's' })).toBe(credential)
})
