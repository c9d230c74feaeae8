import { describeStack } from './support/interop-suite.ts'
import { wrtc } from './support/interop-stacks.ts'

describeStack(wrtc)
