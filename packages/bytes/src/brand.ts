declare const brand: unique symbol

/** A `T` that cannot be confused with another `T`: `Brand<number, 'Tsn'>` refuses a plain number. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** A point on the monotonic clock in milliseconds; fractions allowed. It never goes back. */
export type Millis = Brand<number, 'Millis'>

/** Marks a number of milliseconds as a point in time: `Millis(now + 500)`. */
export const Millis = (value: number): Millis => value as Millis
