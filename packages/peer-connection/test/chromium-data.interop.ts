import { chromium } from './support/interop-stacks.ts'
import { describeStack } from './support/interop-suite.ts'

describeStack(chromium)
