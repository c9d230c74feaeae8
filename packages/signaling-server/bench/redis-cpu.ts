import { createClient } from 'redis'

/** Milliseconds of processor time that a Redis server has used. */
export async function redisCpu(url: string): Promise<number> {
  const client = await createClient({ url }).connect()
  const text = await client.info('cpu')
  await client.close()
  const seconds = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(text)?.[1] ?? 0)
  return 1_000 * (seconds('used_cpu_sys') + seconds('used_cpu_user'))
}
