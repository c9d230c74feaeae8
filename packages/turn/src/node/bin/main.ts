#!/usr/bin/env node
import type { Server } from 'node:http'

import type { ListeningAddress } from '../listener.ts'
import { serveMetrics } from './metrics-endpoint.ts'
import { obey, Processes, readShare, tellFailure } from './processes.ts'
import { alternatesOf, serve } from './serve.ts'
import { readSettings, type Settings } from './settings.ts'

const settings = readSettings(process.argv.slice(2))
const share = readShare()
if (share !== null) await runWorker()
else if (settings.processes > 1) await runProcesses(settings.processes)
else await runAlone()

async function runAlone(): Promise<void> {
  try {
    const server = await serve(settings)
    const metrics = await endpoint(() => Promise.resolve(server.metrics()))
    announce(server.addresses)
    onSignal(async () => {
      await server.drain(settings.drain, alternatesOf(settings))
      await server.close()
      metrics?.close()
    })
  } catch (error) {
    fail((error as Error).message)
  }
}

async function runProcesses(count: number): Promise<void> {
  let metrics: Server | null = null
  const { allocationsPerUser, maxAllocations } = settings
  const processes = new Processes(
    count,
    { perUser: allocationsPerUser, total: maxAllocations },
    {
      ready: (addresses) => announce(addresses),
      failed: (reason) => {
        fail(reason)
        metrics?.close()
      },
    },
  )
  onSignal(() => {
    processes.stop()
    metrics?.close()
  })
  metrics = await endpoint(() => processes.collect())
}

async function runWorker(): Promise<void> {
  try {
    const server = await serve(settings, share ?? undefined)
    // The first process says when it is over: a terminal's signal goes to all.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
    let isStopping = false
    const stop = async (): Promise<void> => {
      if (isStopping) return
      isStopping = true
      await server.drain(settings.drain, alternatesOf(settings))
      await server.close()
      process.disconnect()
    }
    obey(server, () => void stop())
    process.once('disconnect', () => void server.close())
  } catch (error) {
    tellFailure(error as Error)
    process.disconnect()
  }
}

function endpoint(collect: Parameters<typeof serveMetrics>[2]): Promise<Server | null> {
  const { metricsAddress, metricsPort }: Settings = settings
  return metricsPort === undefined
    ? Promise.resolve(null)
    : serveMetrics(metricsAddress, metricsPort, collect)
}

function announce(addresses: readonly ListeningAddress[]): void {
  for (const { transport, address, port } of addresses)
    process.stdout.write(
      `listening ${transport} ${address.includes(':') ? `[${address}]` : address}:${port}\n`,
    )
}

function onSignal(stop: () => unknown): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
}

function fail(reason: string): void {
  process.stderr.write(`purertc-turn could not start: ${reason}\n`)
  process.exitCode = 1
}
