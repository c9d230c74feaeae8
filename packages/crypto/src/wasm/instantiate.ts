/** The exports of a program, null where there is no WebAssembly with vector instructions. */
export function instantiate(bytes: Uint8Array<ArrayBuffer>): object | null {
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(bytes)) return null
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
}

/** As much of the JavaScript API as is used here; the type library of ECMAScript does not have it. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}
