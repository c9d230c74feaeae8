export { DemoServer } from './demo-server.ts'
export type { DemoServerOptions } from './options.ts'
