// SPDX-License-Identifier: MIT
//! The neuron as a port in Rust, a program: calls on standard input, answers on standard output.
mod neuron;
use std::{collections::HashMap, io::BufRead};

/// The lines of a call to the lines of its reply.
fn reply(lines: &[String]) -> String {
    let (mut head, mut given, mut wanted, mut readable) = ([""; 3], HashMap::new(), Vec::new(), true);
    for line in lines {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["call", id, kernel, pass] => head = [id, kernel, pass],
            ["in", name, "f64", shape, ref hex @ ..] => {
                let size: usize = shape.split('x').map(|n| n.parse().unwrap_or(1)).product();
                let bits = hex.iter().map(|h| u64::from_str_radix(h, 16).map(f64::from_bits));
                given.insert(name, bits.collect::<Result<Vec<_>, _>>().unwrap_or_default());
                readable &= given[name].len() == size;
            }
            ["want", name, "f64", shape] => wanted.push((name, shape)),
            ["in" | "want", ..] => readable = false,
            _ => {}
        }
    }
    readable &= ["neuron", "neuron_sample", "neuron_batch"].contains(&head[1]);
    let answers = if readable { neuron::neuron(head[2], &given) } else { None };
    let out = |(name, shape): &(&str, &str)| {
        let hex = answers.as_ref()?.get(name)?.iter().map(|v| format!(" {:016x}", v.to_bits()));
        Some(format!("@out {} f64 {}{}\n", name, shape, hex.collect::<String>()))
    };
    let end = if answers.is_some() { "@done" } else { "@skip" };
    let why = if answers.is_some() { "" } else { " not this kernel, pass, dtype or shape" };
    format!("{}{} {}{}", wanted.iter().filter_map(out).collect::<String>(), end, head[0], why)
}

fn main() {
    println!("@port 1 neuron_program.rs");
    let mut lines = Vec::new();
    for line in std::io::stdin().lock().lines().map_while(Result::ok).take_while(|line| line != "bye") {
        if line == "go" {
            println!("{}", reply(&lines));
            lines.clear();
        } else {
            lines.push(line);
        }
    }
}
