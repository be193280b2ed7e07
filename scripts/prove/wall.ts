/** Loaded before a desk (`node --import`): its wall clock leaps by the milliseconds in PROVE_LEAP_MS when SIGCONT comes. */

const { now } = Date;
let leap = 0;
Date.now = () => now() + leap;
process.on('SIGCONT', () => {
  leap += Number(process.env['PROVE_LEAP_MS']);
});
