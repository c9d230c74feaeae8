/** What the page shows; it knows the document and nothing of the connection. */
export type StepName = 'signaling' | 'connecting' | 'securing' | 'communicating'
export type StepState = 'idle' | 'active' | 'done' | 'failed'

export interface Actions {
  join(channel: string): void
  leave(): void
  say(text: string): void
  send(file: File): void
}

export class View {
  readonly #channel = input('channel')
  readonly #join = button('join-button')
  readonly #leave = button('leave-button')
  readonly #text = input('text')
  readonly #say = button('say-button')
  readonly #file = input('file')

  constructor(actions: Actions) {
    onSubmit('join', () => actions.join(this.#channel.value))
    onSubmit('say', () => {
      if (this.#text.value === '') return
      actions.say(this.#text.value)
      this.#text.value = ''
    })
    this.#leave.addEventListener('click', () => actions.leave())
    this.#file.addEventListener('change', () => {
      const file = this.#file.files?.[0]
      if (file) actions.send(file)
      this.#file.value = ''
    })
  }

  joined(isJoined: boolean): void {
    const hadFocus = [this.#channel, this.#join, this.#leave].some((one) => one === document.activeElement)
    this.#channel.disabled = isJoined
    this.#join.disabled = isJoined
    this.#leave.disabled = !isJoined
    // A control that is disabled loses the focus: who uses the keyboard goes on from its neighbour.
    if (hadFocus) (isJoined ? this.#leave : this.#join).focus()
  }

  /** Whether a peer is there to talk to. */
  connected(isConnected: boolean): void {
    this.#text.disabled = !isConnected
    this.#say.disabled = !isConnected
    this.#file.disabled = !isConnected
  }

  step(name: StepName, state: StepState, text: string): void {
    const element = byId(name)
    element.className = state === 'idle' ? '' : state
    const line = element.querySelector('p')
    line?.replaceChildren(...breakable(text))
    if (state !== 'idle') this.log(`${name}: ${text}`)
  }

  log(text: string): void {
    byId('log').append(item(text))
  }

  message(text: string, isMine: boolean): void {
    const element = item(text)
    element.className = isMine ? 'mine' : 'theirs'
    byId('messages').append(element)
    element.scrollIntoView({ block: 'nearest' })
  }

  /** A line with a progress bar for one file. */
  transfer(title: string): TransferLine {
    const element = item(title)
    const bar = document.createElement('progress')
    const note = document.createElement('small')
    element.append(bar, note)
    byId('transfers').append(element)
    return {
      progress: (bytes, total) => {
        bar.max = total
        bar.value = bytes
        note.textContent = `${mebibytes(bytes)} of ${mebibytes(total)} MiB`
      },
      done: (text, download) => {
        bar.remove()
        element.className = 'done'
        note.textContent = text
        if (download) element.append(' ', link(download.blob, download.name))
      },
      failed: (reason) => {
        bar.remove()
        element.className = 'failed'
        note.textContent = reason
      },
    }
  }
}

export interface TransferLine {
  progress(bytes: number, total: number): void
  done(text: string, download?: { readonly blob: Blob; readonly name: string }): void
  failed(reason: string): void
}

function link(blob: Blob, name: string): HTMLAnchorElement {
  const anchor = document.createElement('a')
  anchor.href = URL.createObjectURL(blob)
  anchor.download = name
  anchor.textContent = 'save'
  return anchor
}

function item(text: string): HTMLLIElement {
  const element = document.createElement('li')
  element.textContent = text
  return element
}

/** Names of cipher suites are longer than a card is wide: they break at their underscores. */
function breakable(text: string): (string | HTMLElement)[] {
  return text.split(/(?<=_)/).flatMap((part) => [part, document.createElement('wbr')])
}

function onSubmit(id: string, action: () => void): void {
  byId(id).addEventListener('submit', (event) => {
    event.preventDefault()
    action()
  })
}

function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element
}

const input = (id: string): HTMLInputElement => byId(id) as HTMLInputElement
const button = (id: string): HTMLButtonElement => byId(id) as HTMLButtonElement
const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)
