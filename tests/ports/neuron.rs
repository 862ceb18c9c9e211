// SPDX-License-Identifier: MIT
//! The neuron in Rust, for both doors: neuron_program.rs and neuron_library.rs.
pub type Arrays<'a> = std::collections::HashMap<&'a str, Vec<f64>>;

fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}

/// x[rows][n], w[n], b -> y[rows], and back: dw and db are means over the rows, dx is not. None if it cannot be done.
pub fn neuron<'a>(kernel: &str, pass: &str, given: &Arrays) -> Option<Arrays<'a>> {
    ["neuron", "neuron_sample", "neuron_batch"].contains(&kernel).then_some(())?;
    let (x, w, b) = (given.get("x")?, given.get("w")?, given.get("b")?.first()?);
    let (n, rows) = (w.len(), x.len().checked_div(w.len()).filter(|rows| rows * w.len() == x.len())?);
    let z: Vec<f64> = x.chunks(n).map(|row| row.iter().zip(w).map(|(x, w)| x * w).sum::<f64>() + b).collect();
    if pass == "forward" { return Some(Arrays::from([("y", z.iter().map(|&z| sigmoid(z)).collect()), ("z", z)])); }
    let dy = given.get("y.grad").filter(|dy| pass == "backward" && dy.len() == rows)?;
    let dz: Vec<f64> = z.iter().zip(dy).map(|(&z, dy)| dy * (sigmoid(z) * sigmoid(-z))).collect();
    let dx = dz.iter().flat_map(|dz| w.iter().map(move |w| dz * w)).collect();
    let dw = (0..n).map(|j| (0..rows).map(|i| dz[i] * x[i * n + j]).sum::<f64>() / rows as f64).collect();
    let db = vec![dz.iter().sum::<f64>() / rows as f64];
    Some(Arrays::from([("x.grad", dx), ("w.grad", dw), ("b.grad", db), ("z.grad", dz)]))
}
