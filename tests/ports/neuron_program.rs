// SPDX-License-Identifier: MIT
//! The neuron as a port in Rust, a program: calls on standard input, answers on standard output.
mod neuron;

fn numbers(shape: &str, hex: &[&str]) -> Option<Vec<f64>> {
    let values = hex.iter().map(|h| u64::from_str_radix(h, 16).ok().map(f64::from_bits)).collect::<Option<Vec<_>>>();
    values.filter(|v| v.len() == shape.split('x').map(|n| n.parse().unwrap_or(1)).product::<usize>())
}

fn answers(kernel: &str, pass: &str, lines: &[String]) -> Option<String> {
    let (mut given, mut wanted) = (neuron::Arrays::new(), Vec::new());
    for line in lines {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["in", name, "f64", shape, ref hex @ ..] => drop(given.insert(name, numbers(shape, hex)?)),
            ["want", name, "f64", shape] => wanted.push((name, shape)),
            ["in" | "want", ..] => return None,
            _ => {}
        }
    }
    let mut of = neuron::neuron(kernel, pass, &given)?;
    let hex = |values: Vec<f64>| values.iter().map(|v| format!(" {:016x}", v.to_bits())).collect::<String>();
    let out = |(name, shape): (&str, &str)| Some(format!("@out {name} f64 {shape}{}\n", hex(of.remove(name)?)));
    Some(wanted.into_iter().filter_map(out).collect())
}

fn main() {
    println!("@port 1 neuron_program.rs");
    let (mut call, mut lines) = (String::new(), Vec::new());
    for line in std::io::stdin().lines().map_while(Result::ok).take_while(|line| line != "bye") {
        match (line.as_str(), call.split(' ').collect::<Vec<_>>()[..].as_ref()) {
            ("go", ["call", id, kernel, pass]) => println!("{}", answers(kernel, pass, &lines).map_or_else(
                || format!("@skip {id} not this kernel, pass, dtype or shape"), |out| format!("{out}@done {id}"))),
            _ if line.starts_with("call ") => (call, lines) = (line, Vec::new()),
            _ => lines.push(line),
        }
    }
}
