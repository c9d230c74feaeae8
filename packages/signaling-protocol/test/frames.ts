import type { ClientFrame, ServerFrame } from '../src/index.ts'

const description = { type: 'offer', sdp: 'v=0\r\n' } as const
const candidate = { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0 }

/** One frame of every form that a client sends. */
export const clientFrames: readonly ClientFrame[] = [
  { type: 'join', channel: 'room' },
  { type: 'join', channel: '部屋', peer: 'alice', metadata: { name: ['Alice', null] }, token: 't', id: 0 },
  { type: 'leave' },
  { type: 'leave', id: 1 },
  { type: 'description', description },
  { type: 'description', to: 'bob', description: { type: 'answer', sdp: '' }, id: 2 },
  { type: 'candidate', candidate },
  { type: 'candidate', to: 'bob', candidate: null, id: 3 },
  {
    type: 'candidate',
    candidate: { candidate: '', sdpMid: null, sdpMLineIndex: null, usernameFragment: null },
  },
  { type: 'message', data: null },
  { type: 'message', to: 'bob', data: { deep: [[{ x: 1.5 }]] }, id: 4 },
  { type: 'message', except: 'bob', data: 'text' },
  { type: 'bye' },
  { type: 'bye', id: 5 },
  { type: 'ping', id: 6 },
]

/** One frame of every form that a server sends. */
export const serverFrames: readonly ServerFrame[] = [
  { type: 'welcome', version: 1, iceServers: [] },
  {
    type: 'welcome',
    version: 2,
    iceServers: [
      { urls: 'stun:192.0.2.1' },
      { urls: ['turn:192.0.2.1', 'turn:192.0.2.1?transport=tcp'], username: 'u', credential: 'c' },
    ],
  },
  { type: 'joined', channel: 'room', peer: 'bob', role: 'offerer', count: 1, members: [] },
  {
    type: 'joined',
    channel: 'room',
    peer: 'bob',
    role: 'answerer',
    count: 3,
    members: [{ peer: 'alice', metadata: 1 }, { peer: 'carol' }],
    id: 0,
  },
  { type: 'left', channel: 'room', reason: 'leave', id: 1 },
  { type: 'left', channel: 'room', reason: 'hangup' },
  { type: 'peer-joined', peer: 'bob', metadata: {}, count: 2, role: 'offerer', replayed: 3 },
  { type: 'peer-left', peer: 'bob', count: 1 },
  { type: 'description', from: 'alice', description },
  { type: 'candidate', from: 'alice', candidate },
  { type: 'candidate', from: 'alice', candidate: null },
  { type: 'message', from: 'alice', data: [1, 'two'] },
  { type: 'remote-close', peer: 'alice' },
  { type: 'delivered', to: 'bob', delivered: true, count: 1, id: 4 },
  { type: 'delivered', delivered: false, count: 0 },
  { type: 'error', code: 'some-later-code', message: 'text', id: 9 },
  { type: 'pong', id: 6 },
]
