// SPDX-License-Identifier: MIT
// The neuron as a port in JavaScript (node): calls on standard input, answers on standard output.
'use strict'

const sigmoid = (z) => z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z))

// x[rows][n], w[n] -> y[rows], and back: dw and db are means over the rows, dx is not.
function neuron (pass, x, w, b, dy) {
  const n = w.length
  const rows = x.length / n
  const z = Float64Array.from({ length: rows }, (_, i) => w.reduce((sum, v, j) => sum + v * x[i * n + j], 0) + b)
  if (pass === 'forward') return { z, y: z.map(sigmoid) }
  const dz = z.map((v, i) => dy[i] * (sigmoid(v) * sigmoid(-v)))
  const dx = x.map((_, k) => dz[Math.floor(k / n)] * w[k % n])
  const dw = w.map((_, j) => dz.reduce((sum, v, i) => sum + v * x[i * n + j], 0) / rows)
  const db = dz.reduce((sum, v) => sum + v, 0) / rows
  return { 'x.grad': dx, 'w.grad': dw, 'b.grad': [db], 'z.grad': dz }
}

const cell = new DataView(new ArrayBuffer(8))
const read = (hex) => (cell.setBigUint64(0, BigInt('0x' + hex)), cell.getFloat64(0))
const write = (v) => (cell.setFloat64(0, v), cell.getBigUint64(0).toString(16).padStart(16, '0'))
const size = (shape) => shape === '-' ? 1 : shape.split('x').reduce((product, v) => product * Number(v), 1)

function reply ([id, kernel, pass], given, wanted) {
  const known = /^neuron(_sample|_batch)?$/.test(kernel) && /^(forward|backward)$/.test(pass)
  const readable = [...given, ...wanted].every(([, dtype]) => dtype === 'f64')
  if (!known || !readable) return `@skip ${id} no ${kernel} ${pass} here, or not in this dtype`
  const a = Object.fromEntries(given.map(([name, , , ...hex]) => [name, Float64Array.from(hex, read)]))
  const whole = given.every(([, , shape, ...hex]) => hex.length === size(shape))
  const n = (a['y.grad'] || { length: a.x.length / a.w.length }).length * a.w.length
  if (!whole || n !== a.x.length) return `@error ${id} the shapes do not fit`
  const answer = neuron(pass, a.x, a.w, a.b[0], a['y.grad'])
  const out = ([name, ...kind]) => ['@out', name, ...kind, ...Array.from(answer[name], write)].join(' ')
  return [...wanted.filter(([name]) => name in answer).map(out), `@done ${id}`].join('\n')
}

let head, given, wanted
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [word, ...rest] = line.split(' ')
  if (word === 'gradgate') console.log('@port 1 neuron.js, node ' + process.version)
  if (word === 'call') [head, given, wanted] = [rest, [], []]
  if (word === 'in') given.push(rest)
  if (word === 'want') wanted.push(rest)
  if (word === 'go') console.log(reply(head, given, wanted))
  if (word === 'bye') process.stdin.destroy()
})
