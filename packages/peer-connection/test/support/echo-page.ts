/**
 * Both ends make the channel. One that its peer announces is left in the state `connecting` by Chromium once in a thousand
 * connections, on a busy machine: its statistics say `open`, and `send` throws.
 */
export const agreedChannel = { negotiated: true, id: 0 }

/** Runs in a page that has a `connection`: sends back whatever comes over that channel. */
export const echoScript = `
  const channel = connection.createDataChannel('echo', ${JSON.stringify(agreedChannel)})
  const opened = new Promise((resolve) => (channel.onopen = resolve))
  channel.onmessage = ({ data }) => opened.then(() => channel.send(data))
`
