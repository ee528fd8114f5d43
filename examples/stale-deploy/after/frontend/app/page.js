"use client";

import { useEffect, useState } from "react";

const API_URL = process.env.NEXT_PUBLIC_API_URL;

export default function Home() {
  const [hours, setHours] = useState([]);

  useEffect(() => {
    fetch(`${API_URL}/hours/`)
      .then((response) => response.json())
      .then((data) => setHours(data.hours))
      .catch(() => setHours([]));
  }, []);

  return (
    <main>
      <h1>Library</h1>
      <p>Returns are taken until 18:00.</p>
      <ul>
        {hours.map(({ day, opens, closes }) => (
          <li key={day}>
            {day}: {opens} to {closes}
          </li>
        ))}
      </ul>
    </main>
  );
}
