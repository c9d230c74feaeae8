import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { ProtocolVersion } from '../src/index.ts'
import { connect } from '../src/node/index.ts'
import { type Issued, toPem } from '../test/authority.ts'

/**
 * What a handshake costs OpenSSL's `s_server`: its half alone, in CPU milliseconds as the kernel counts them, of mutual
 * handshakes of DTLS 1.2 with our client over loopback. Null where there is no OpenSSL.
 */
export async function shakeWithOpenssl(
  client: Issued,
  server: Issued,
  milliseconds: number,
): Promise<{ readonly cost: number; readonly calls: number } | null> {
  if (spawnSync('openssl', ['version']).error !== undefined) return null
  const directory = mkdtempSync(join(tmpdir(), 'purertc-bench-'))
  const port = await freePort()
  const program = startServer(directory, port, client, server)
  try {
    const dial = (): Promise<void> => shake(port, client, server)
    for (let i = 0; i < 5; i++) await dial()
    const before = cpuOf(program.pid ?? 0)
    const until = Date.now() + milliseconds
    let calls = 0
    do {
      await dial()
      calls++
    } while (Date.now() < until)
    return { cost: (cpuOf(program.pid ?? 0) - before) / calls, calls }
  } finally {
    program.kill('SIGKILL')
    rmSync(directory, { recursive: true })
  }
}

function startServer(directory: string, port: number, client: Issued, server: Issued): ChildProcess {
  const write = (name: string, text: string): string => {
    const file = join(directory, name)
    writeFileSync(file, text)
    return file
  }
  const cert = write('cert.pem', toPem('CERTIFICATE', server.der))
  const key = write('key.pem', toPem('PRIVATE KEY', server.pkcs8))
  const ca = write('ca.pem', toPem('CERTIFICATE', client.der))
  const address = ['-accept', `127.0.0.1:${port}`, '-cert', cert, '-key', key]
  const mutual = ['-Verify', '1', '-verify_return_error', '-CAfile', ca]
  // With its input open it goes on serving.
  return spawn(
    'openssl',
    ['s_server', '-dtls1_2', '-quiet', ...address, ...mutual, '-no_ticket', '-no_cache'],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  )
}

/** Until the server listens, and between its sessions, a ClientHello is sent again. */
async function shake(port: number, client: Issued, server: Issued): Promise<void> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    certificate: client.identity(),
    verify: { fingerprints: [server.identity().fingerprint()] },
    versions: { min: ProtocolVersion.dtls12, max: ProtocolVersion.dtls12 },
    groups: ['x25519', 'p-256'],
    retransmitTimeout: 20,
  })
  await once(socket, 'secureConnect')
  socket.close()
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

/** User and system time of another process in ms, as Linux counts it: in hundredths of a second. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}
