import * as v from 'valibot'

import { requestId } from './values.ts'

/** Names the field and what it should be; never what it was, which may be long or hostile. */
export function explain(issue: v.BaseIssue<unknown>): string {
  const fault = issue.input === undefined ? 'missing' : `expected ${issue.expected ?? 'another value'}`
  return `${v.getDotPath(issue) ?? 'the frame'}: ${fault}`.slice(0, 200)
}

/** What every frame has; a bad `id` is found with the rest of the frame. */
export const frameHead = v.object({
  type: v.string(),
  id: v.fallback(v.optional(requestId), undefined),
})
