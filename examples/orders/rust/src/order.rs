// SPDX-License-Identifier: Apache-2.0
//! Order: one line of the input, checked. Total: what the store holds for a customer.
use mecha::json::Json;

pub const ORDER_PREFIX: &str = "order-";
pub const CUSTOMER_PREFIX: &str = "customer-";
const LONGEST_NAME: usize = 200;
const LARGEST_AMOUNT: i64 = 1_000_000_000_000; // cents

pub struct Order {
    pub id: String,
    pub customer: String,
    pub cents: i64,
    pub json: String, // the whole line
}

impl Order {
    /// Fails with the reason when it is no order.
    pub fn parse(line: &[u8]) -> Result<Order, String> {
        let json = Json::parse(line).map_err(|error| error.to_string())?;
        let cents =
            json["amount_cents"].as_i64().filter(|cents| (0..=LARGEST_AMOUNT).contains(cents));
        Ok(Order {
            id: name_in(&json, "id")?,
            customer: name_in(&json, "customer")?,
            cents: cents
                .ok_or("\"amount_cents\" is not a whole number of cents from 0 to 10^12")?,
            json: json.to_string(),
        })
    }
}

/// A text that can be part of a key: "||" separates the parts of a key in the store.
fn name_in(json: &Json, field: &str) -> Result<String, String> {
    let name = json[field].as_str().ok_or(format!("no text \"{field}\""))?;
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains("||") {
        return Err(format!("\"{field}\" is empty, over 200 bytes or holds \"||\""));
    }
    Ok(name.to_owned())
}

#[derive(Default)]
pub struct Total {
    pub orders: i64,
    pub cents: i64,
}

impl Total {
    pub fn parse(value: &[u8]) -> Result<Total, String> {
        let json = Json::parse(value).map_err(|error| error.to_string())?;
        let number = |field: &str| json[field].as_i64().ok_or(format!("no total: {json}"));
        Ok(Total { orders: number("orders")?, cents: number("total_cents")? })
    }

    pub fn to_json(&self) -> String {
        let (orders, cents) = (Json::from(self.orders), Json::from(self.cents));
        Json::from([("orders", orders), ("total_cents", cents)]).to_string()
    }
}
