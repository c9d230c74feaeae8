import { describeStack } from './support/interop-suite.ts'
import { werift } from './support/interop-stacks.ts'

describeStack(werift)
